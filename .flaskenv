FLASK_APP=webapp.commands.entry:create_app
