import Foundation
import Runs

/// Slurm's commands as shell scripts over a folder: sbatch starts the script on this machine, squeue knows its state.
struct FakeSlurm {
    let folder: String

    /// - Parameter path: a folder of the test's own.
    init(in path: String) throws {
        folder = path + "/slurm-bin"
        try FileManager.default.createDirectory(atPath: folder + "/jobs", withIntermediateDirectories: true)
        let silence = """
            #!/bin/sh
            here='\(folder)'
            if [ -e "$here/silent" ]; then echo 'x: error: Unable to contact slurm controller (connect failure)' >&2; exit 1; fi
            """
        try write(
            "sbatch",
            silence + #"""

                [ "$1" = --version ] && exit 0
                if [ -e "$here/refusal" ]; then cat "$here/refusal" >&2; exit 1; fi
                number=$(($(ls "$here/jobs" | wc -l) + 1)); mkdir "$here/jobs/$number"
                printf '%s\n' "$@" > "$here/jobs/$number/arguments"
                for word; do case $word in --job-name=*) echo "${word#*=}" > "$here/jobs/$number/name";; esac; done
                echo PENDING > "$here/jobs/$number/state"
                if [ ! -e "$here/full" ]; then
                    setsid sh -c 'echo RUNNING > "$2/state"; sh "$1" > /dev/null 2>&1; echo COMPLETED > "$2/state"' sh "$word" \
                        "$here/jobs/$number" > /dev/null 2>&1 &
                fi
                # Who is cut off has been heard all the same.
                if [ -e "$here/deaf" ]; then rm "$here/deaf"; echo 'x: error: Socket timed out' >&2; exit 1; fi
                echo "$number;cluster"
                """#)
        try write(
            "squeue",
            silence + #"""

                for job in "$here"/jobs/*; do
                    [ -e "$job/name" ] || continue
                    printf '%s|%s|%s|%s\n' "${job##*/}" "$(cat "$job/state")" "$(cat "$job/name")" None
                done
                """#)
        try write(
            "scancel", silence + "\necho CANCELLED > \"$here/jobs/$1/state\"\necho \"$1\" >> \"$here/cancelled\"\n")
        try write("sacct", "#!/bin/sh\necho 'Slurm accounting storage is disabled' >&2\nexit 1\n")
    }

    private func write(_ name: String, _ text: String) throws {
        try Data((text + "\n").utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: "\(folder)/\(name)")
    }

    /// Puts a file there that the scripts look for.
    func set(_ name: String, _ text: String = "") throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
    }

    func clear(_ name: String) throws { try FileManager.default.removeItem(atPath: "\(folder)/\(name)") }

    func text(_ name: String) -> String {
        String(decoding: FileManager.default.contents(atPath: "\(folder)/\(name)") ?? Data(), as: UTF8.self)
    }

    /// Jobs that it has taken.
    var count: Int { ((try? FileManager.default.contentsOfDirectory(atPath: folder + "/jobs")) ?? []).count }

    /// A cluster that is asked all the time.
    func settings(shared: String) -> SlurmSettings {
        var settings = SlurmSettings(directory: shared)
        settings.commands = folder
        (settings.fresh, settings.interval, settings.settling) = (.zero, .milliseconds(10), .milliseconds(10))
        return settings
    }
}
