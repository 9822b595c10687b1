"""A data migration, as somebody will write one."""

from django.db import migrations


def trim_names(apps, schema_editor):
    Tag = apps.get_model("trackedapp", "Tag")
    for tag in Tag.objects.order_by("pk"):
        if not tag.name.strip():
            raise ValueError(f"Tag {tag.pk} has no name.")
        tag.name = tag.name.strip()
        tag.save()


class Migration(migrations.Migration):
    dependencies = [("trackedapp", "0001_initial")]

    operations = [migrations.RunPython(trim_names, migrations.RunPython.noop)]
