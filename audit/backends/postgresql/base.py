from django.db.backends.postgresql.base import DatabaseWrapper
