"""The template and the services made from it: rendered, made anew, compared, brought up to date, and locked."""
