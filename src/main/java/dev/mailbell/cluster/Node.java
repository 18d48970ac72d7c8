package dev.mailbell.cluster;

import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * This node, as it registers itself.
 *
 * @param id new at every start
 * @param address where it takes requests of other nodes; null: nowhere
 * @param version of the program
 * @param exclusive whether the operating system locks the database's directory for this daemon, as
 *     for the embedded server; an earlier exclusive node is then known to be dead
 */
public record Node(
        UUID id, String name, long pid, @Nullable URI address, String version, boolean exclusive) {
    /**
     * This process.
     *
     * @param name as configured; empty for the host's name
     */
    public static Node current(
            String name, @Nullable URI address, String version, boolean exclusive) {
        return new Node(
                UUID.randomUUID(),
                name.isEmpty() ? hostName() : name,
                ProcessHandle.current().pid(),
                address,
                version,
                exclusive);
    }

    /** From the kernel if possible, because the JDK's method does a DNS lookup. */
    public static String hostName() {
        try {
            Path kernel = Path.of("/proc/sys/kernel/hostname");
            return Files.isReadable(kernel)
                    ? Files.readString(kernel).strip()
                    : InetAddress.getLocalHost().getHostName();
        } catch (IOException e) {
            return "(a host without a name)";
        }
    }

    /** The same node, which takes requests of other nodes there. */
    Node at(@Nullable URI where) {
        return new Node(id, name, pid, where, version, exclusive);
    }
}
