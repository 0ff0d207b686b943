"""Mail: what people are told, written with the change it tells of and sent afterwards."""
