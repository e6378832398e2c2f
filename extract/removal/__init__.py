"""How content leaves: the brake, and databases that are gone."""
