"""Operations: what an app's people find, see and do about single purchases and plans."""
