"""`python -m service demo [FIELD]`: a field of demo.json for a command line, such as `device.secret`."""

import json

from service.errors import Refusal
from service.host.settings import Settings
from service.progress import say


def demo(settings: Settings, field: str) -> int:
    """Text as it is, anything else as JSON. The whole file without a field."""
    path = settings.state_dir / "demo.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        for name in filter(None, field.split(".")):
            content = content[name]
    except (FileNotFoundError, PermissionError):
        raise Refusal(f"{path} cannot be read: start the system first, as the same user.") from None
    except (KeyError, TypeError):
        raise Refusal(f"{path} has no field {field}.") from None
    say(content if isinstance(content, str) else json.dumps(content, ensure_ascii=False))
    return 0
