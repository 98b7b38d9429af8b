"""HubSpot association labels and limits as Pulumi resources."""
