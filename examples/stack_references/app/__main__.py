"""A stack that uses the numbers of another one: what it deploys knows the association types and nothing of labels.

On the built-in engine both projects need one folder for their stacks: `export HUBASSOC_STATE_DIR=~/stacks`.
"""

import json

import pulumi
from settings import SettingsFile

# The CRM's stack of the same name: `app` in production goes by the numbers of `crm` in production.
crm = pulumi.StackReference(f"{pulumi.get_organization()}/crm/{pulumi.get_stack()}")

# `require_output` fails with a sentence where the CRM's stack has no such output (yet).
settings = SettingsFile(
    "settings",
    path=pulumi.Config().require("settingsFile"),
    text=pulumi.Output.all(
        portalId=crm.require_output("portal_id"), associationTypes=crm.require_output("type_ids")
    ).apply(lambda found: json.dumps(found, indent=2, sort_keys=True)),
)
pulumi.export("settings_file", settings.path)
