package dev.mailbell.cluster;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/**
 * A daemon as others are shown it.
 *
 * @param id new at every start
 * @param exclusive whether the operating system keeps other daemons from this database, so that an
 *     earlier holder of that kind is known to be dead
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

    /** From the kernel where it tells, because the JDK's way asks the DNS. */
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
