package dev.mailbell.packaging;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * This machine's files under a layer of memory, in which a package can be installed and a daemon
 * started without a trace on the machine: with a space of processes of its own, whose end ends all
 * of them, without a Java, without what the machine runs in {@code /run}, and with a {@code
 * policy-rc.d} that lets no service start. What the shell in it prints is the answer of a command.
 */
final class OwnRoot implements AutoCloseable {
    private static final String SETUP =
            """
            set -e
            mount -t tmpfs -o mode=755 tmpfs "$1"
            mkdir "$1/upper" "$1/work" "$1/root"
            mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
            cd "$1/root"
            mount -t proc proc proc
            mount --rbind /dev dev
            for hidden in run tmp usr/lib/jvm root; do
              mount -t tmpfs -o mode=1777 tmpfs "$hidden"
            done
            # The packages to install.
            mkdir tmp/packages
            mount --bind "$2" tmp/packages
            rm -rf opt/mailbell etc/mailbell var/lib/mailbell
            printf '#!/bin/sh\\nexit 101\\n' >usr/sbin/policy-rc.d
            chmod 755 usr/sbin/policy-rc.d
            exec chroot . env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 bash
            """;

    private final Process process;
    private final BufferedReader answers;
    private final Writer commands;

    private OwnRoot(Process process) {
        this.process = process;
        this.answers = process.inputReader();
        this.commands = process.outputWriter();
    }

    /**
     * @param mountPoint an empty directory
     * @param packages seen as /tmp/packages
     */
    static OwnRoot create(Path mountPoint, Path packages) throws IOException {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                "unshare",
                                "--mount",
                                "--pid",
                                "--fork",
                                "--kill-child",
                                "bash",
                                "-c",
                                SETUP,
                                "bash",
                                mountPoint.toString(),
                                packages.toString()));
        OwnRoot root = new OwnRoot(new ProcessBuilder(command).redirectErrorStream(true).start());
        root.run("true").expect(0);
        return root;
    }

    /** Whether this process may make one: root with the right to mount. */
    static boolean isPossible() throws IOException, InterruptedException {
        String probe =
                "mount -t tmpfs tmpfs /mnt && mkdir /mnt/u /mnt/w /mnt/m && "
                        + "mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/u,workdir=/mnt/w /mnt/m";
        return Shell.run(
                                List.of("unshare", "--mount", "--pid", "--fork", "sh", "-c", probe),
                                Map.of())
                        .status()
                == 0;
    }

    /** Runs a command of the shell. */
    Shell.Outcome run(String command) throws IOException {
        String end = "end-" + UUID.randomUUID();
        // With its own input, because the shell's is the next command.
        commands.write("( " + command + "\n) </dev/null 2>&1; echo \"" + end + " $?\"\n");
        commands.flush();
        StringBuilder said = new StringBuilder();
        for (String line = answers.readLine(); line != null; line = answers.readLine()) {
            int at = line.indexOf(end);
            if (at >= 0) {
                // What was said may lack the end of its last line.
                said.append(line, 0, at);
                return new Shell.Outcome(
                        Integer.parseInt(line.substring(at + end.length()).strip()),
                        said.toString());
            }
            said.append(line).append('\n');
        }
        throw new AssertionError("the shell in the root ended:\n" + said);
    }

    /** Writes a file. */
    void write(String path, String mode, String content) throws IOException {
        String end = "end-" + UUID.randomUUID();
        run("cat >'"
                        + path
                        + "' <<'"
                        + end
                        + "'\n"
                        + content
                        + "\n"
                        + end
                        + "\nchmod "
                        + mode
                        + " '"
                        + path
                        + "'")
                .expect(0);
    }

    @Override
    public void close() throws IOException, InterruptedException {
        // The first process of the space: the others end with it, and with the last the mounts.
        process.toHandle().descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        process.waitFor();
    }
}
