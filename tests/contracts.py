"""Contracts for import-linter: who may import whom, and what kernels know."""

from importlinter import Contract, ContractCheck, fields, output


class _Listed(Contract):
    """A contract whose broken lines are sentences."""

    def render_broken_contract(self, check):
        for line in check.metadata["broken"]:
            output.print_error(line, bold=False)


def _check(broken):
    return ContractCheck(kept=not broken, metadata={"broken": broken})


class KernelContract(_Listed):
    """Kernel files import what is allowed and each other; who imports Numba is named."""

    allowed = fields.ListField(subfield=fields.StringField())
    compilers = fields.ListField(subfield=fields.StringField())

    def check(self, graph, verbose):
        broken = []
        for module in sorted(graph.modules):
            for imported in sorted(graph.find_modules_directly_imported_by(module)):
                if module.endswith("_kernels"):
                    fine = imported.endswith("_kernels") or imported in self.allowed
                else:
                    fine = imported != "numba" or module in self.compilers
                if not fine:
                    broken.append(f"{module} imports {imported}")
        return _check(broken)


class RoomContract(_Listed):
    """A package imports only those named behind its colon; one that is not built breaks nothing."""

    may_import = fields.ListField(subfield=fields.StringField())

    def check(self, graph, verbose):
        rooms = dict(line.split(": ") for line in self.may_import)
        broken = []
        for module in sorted(graph.modules):
            room = _room(module)
            if room in rooms:
                broken += [
                    f"{module} imports {imported}"
                    for imported in sorted(graph.find_modules_directly_imported_by(module))
                    if _room(imported) not in (None, room, *rooms[room].split())
                ]
        return _check(broken)


def _room(module):
    parts = module.split(".")
    return parts[1] if parts[0] == "pixelseg" and len(parts) > 1 else None
