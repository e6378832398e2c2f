"""The actions of people and of the command line. An action writes requests and wakes a worker, which does the work."""

from extract.actions.connections import confirm_removal, consented_again, disconnect
from extract.actions.importing import Imported, Pick, find_pick, import_picks, workspace_pick
from extract.actions.sources import delete, resume, retrain, set_columns, set_schedule, set_subpages, stop

__all__ = [
    "Imported",
    "Pick",
    "confirm_removal",
    "consented_again",
    "delete",
    "disconnect",
    "find_pick",
    "import_picks",
    "resume",
    "retrain",
    "set_columns",
    "set_schedule",
    "set_subpages",
    "stop",
    "workspace_pick",
]
