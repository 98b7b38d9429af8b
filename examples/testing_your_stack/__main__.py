"""The program that `pulumi up` runs."""

import relations

relations.declare()
