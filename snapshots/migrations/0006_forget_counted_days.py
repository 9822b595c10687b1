"""Counts of days are told by the trail alone: what they are to hold from here on, the next count finds again."""

from django.db import migrations


def forget(apps, schema_editor):
    apps.get_model("snapshots", "DayCount").objects.all().delete()
    apps.get_model("snapshots", "CountedDays").objects.all().delete()


class Migration(migrations.Migration):

    dependencies = [
        ("snapshots", "0005_saved_views"),
    ]

    operations = [
        migrations.RunPython(forget, migrations.RunPython.noop),
    ]
