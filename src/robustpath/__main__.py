"""`python -m robustpath COMMAND`: by the fork server of a run where there is one, else by this process."""

import sys

from robustpath.operations import fork_client

if __name__ == "__main__":
    code = fork_client.run(sys.argv[1:])
    if code is None:
        from robustpath.command_line import main

        code = main()
    sys.exit(code)
