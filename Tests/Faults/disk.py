"""What a disk holds after a power cut, worked out from the log of the shim.

A file's bytes are safe up to its last sync, a name in a folder up to the last sync of the folder. Everything else may
be gone, or there, or partly there: `strict` leaves all of it away, and a random choice keeps each un-synced write and
each un-synced name with an even chance, so that a name may outlive the bytes that belong to it.
"""

import os


class File:
    """A file, under whatever names it has."""

    def __init__(self):
        self.bytes = bytearray()
        self.safe = bytearray()
        self.pending = []  # (sequence, offset, data) or (sequence, size, None)

    def apply(self, target, offset, data):
        if data is None:
            del target[offset:]
            target.extend(bytes(offset - len(target)))
        else:
            if len(target) < offset:
                target.extend(bytes(offset - len(target)))
            target[offset:offset + len(data)] = data

    def change(self, sequence, offset, data):
        self.apply(self.bytes, offset, data)
        self.pending.append((sequence, offset, data))

    def sync(self, until):
        """What came before the sync began is safe."""
        while self.pending and self.pending[0][0] <= until:
            _, offset, data = self.pending.pop(0)
            self.apply(self.safe, offset, data)

    def after(self, random):
        """Its bytes after the cut."""
        if random is None:
            return bytes(self.safe)
        left = bytearray(self.safe)
        for _, offset, data in self.pending:
            if data is None:
                if random.random() < 0.5:
                    self.apply(left, offset, None)
                continue
            # A disk writes sectors, of one write some and others not.
            for start in range(0, len(data), 4096):
                if random.random() < 0.5:
                    self.apply(left, offset + start, data[start:start + 4096])
        return bytes(left)


class Folder:
    """A folder: which names stand for what."""

    def __init__(self):
        self.names = {}
        self.safe = {}
        self.pending = []  # (sequence, {name: node or None}), of which all come true at once or none

    def change(self, sequence, changes):
        for name, node in changes.items():
            self.set(self.names, name, node)
        self.pending.append((sequence, changes))

    @staticmethod
    def set(names, name, node):
        if node is None:
            names.pop(name, None)
        else:
            names[name] = node

    def sync(self, until):
        while self.pending and self.pending[0][0] <= until:
            for name, node in self.pending.pop(0)[1].items():
                self.set(self.safe, name, node)

    def after(self, random):
        left = dict(self.safe)
        if random is not None:
            for _, changes in self.pending:
                if random.random() < 0.5:
                    for name, node in changes.items():
                        self.set(left, name, node)
        return left


class Disk:
    """The tree below one folder, as it is and as a cut would leave it."""

    def __init__(self, below, forgets=()):
        """`forgets`: syncs that do not count, to see whether anybody would notice: "folders", or parts of names."""
        self.below = below
        self.root = Folder()
        self.files = {}
        self.forgets = forgets

    def node(self, path):
        node = self.root
        for name in [part for part in path[len(self.below):].split("/") if part]:
            if not isinstance(node, Folder) or name not in node.names:
                return None
            node = node.names[name]
        return node

    def place(self, path):
        folder, name = os.path.split(path)
        node = self.node(folder)
        return (node, name) if isinstance(node, Folder) else (Folder(), name)

    def take(self, line):
        """One line of the log."""
        if line.kind == "create":
            self.files[line.inode] = File()
            folder, name = self.place(line.path)
            folder.change(line.sequence, {name: self.files[line.inode]})
        elif line.kind == "write":
            self.files.setdefault(line.inode, File()).change(line.sequence, line.offset, line.data)
        elif line.kind == "size":
            self.files.setdefault(line.inode, File()).change(line.sequence, line.offset, None)
        elif line.kind == "sync":
            node = self.node(line.path) if line.path else None
            if isinstance(node, Folder):
                if "folders" not in self.forgets:
                    node.sync(line.began)
            elif line.inode in self.files and not any(part in line.path for part in self.forgets):
                self.files[line.inode].sync(line.began)
        elif line.kind == "rename":
            self.rename(line)
        elif line.kind in ("unlink", "rmdir"):
            folder, name = self.place(line.path)
            folder.change(line.sequence, {name: None})
        elif line.kind == "mkdir":
            if line.path != self.below:
                folder, name = self.place(line.path)
                folder.change(line.sequence, {name: Folder()})
        elif line.kind == "link":
            folder, name = self.place(line.other)
            folder.change(line.sequence, {name: self.node(line.path)})

    def rename(self, line):
        source, old = self.place(line.path)
        target, new = self.place(line.other)
        node = source.names.get(old)
        if node is None:
            return
        if source is target:
            source.change(line.sequence, {old: None, new: node})
        else:
            target.change(line.sequence, {new: node})
            source.change(line.sequence, {old: None})

    def write(self, path, random=None):
        """Makes the tree at `path` as a cut would leave it."""
        self.write_folder(self.root, path, random)

    def write_folder(self, folder, path, random):
        os.makedirs(path, mode=0o700, exist_ok=True)
        for name, node in folder.after(random).items():
            inner = os.path.join(path, name)
            if isinstance(node, Folder):
                self.write_folder(node, inner, random)
            elif node is not None:
                with open(inner, "wb") as file:
                    file.write(node.after(random))
                os.chmod(inner, 0o600)
