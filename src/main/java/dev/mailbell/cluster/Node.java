package dev.mailbell.cluster;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/**
 * A daemon, as the lease identifies it to other daemons.
 *
 * @param id new at every start
 * @param exclusive whether the operating system locks the database's directory for this daemon, as
 *     for the embedded server; an earlier exclusive holder is then known to be dead
 */
public record Node(UUID id, String name, long pid, boolean exclusive) {
    /**
     * This process.
     *
     * @param name as configured; empty for the host's name
     */
    public static Node current(String name, boolean exclusive) {
        return new Node(
                UUID.randomUUID(),
                name.isEmpty() ? hostName() : name,
                ProcessHandle.current().pid(),
                exclusive);
    }

    /** From the kernel if possible, because the JDK's method does a DNS lookup. */
    private static String hostName() {
        try {
            Path kernel = Path.of("/proc/sys/kernel/hostname");
            return Files.isReadable(kernel)
                    ? Files.readString(kernel).strip()
                    : InetAddress.getLocalHost().getHostName();
        } catch (IOException e) {
            return "(a host without a name)";
        }
    }
}
