"""A contract for import-linter: kernels know arrays, the compiler's policy, and other kernels."""

from importlinter import Contract, ContractCheck, fields, output


class KernelContract(Contract):
    """Modules whose name ends in `_kernels` import only what is allowed, and other kernels."""

    allowed = fields.ListField(subfield=fields.StringField())

    def check(self, graph, verbose):
        broken = [
            f"{module} imports {imported}"
            for module in sorted(graph.modules)
            if module.endswith("_kernels")
            for imported in sorted(graph.find_modules_directly_imported_by(module))
            if not imported.endswith("_kernels") and imported not in self.allowed
        ]
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check):
        for line in check.metadata["broken"]:
            output.print_error(line, bold=False)
