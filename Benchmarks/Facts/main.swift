internal import Archives
internal import CEL
internal import Collectors
internal import Engine
internal import Facts
internal import Playbooks
