"""What a WSGI server and the `flask` command start."""

from app import create_app

application = create_app()
