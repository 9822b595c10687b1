from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("snapshots", "0006_forget_counted_days"),
    ]

    operations = [
        migrations.AddField(
            model_name="daycount",
            name="first_entry",
            field=models.BigIntegerField(default=0),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="daycount",
            name="last_entry",
            field=models.BigIntegerField(default=0),
            preserve_default=False,
        ),
    ]
