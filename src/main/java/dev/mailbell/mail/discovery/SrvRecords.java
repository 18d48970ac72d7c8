package dev.mailbell.mail.discovery;

import dev.mailbell.network.Deadline;
import java.io.IOException;
import java.util.List;

/** Queries the DNS. */
@FunctionalInterface
interface SrvRecords {
    /**
     * The SRV records of a name; empty if it has none or does not exist.
     *
     * @param name such as {@code _imaps._tcp.example.org}
     * @throws IOException when no name server answered in time
     */
    List<SrvRecord> lookup(String name, Deadline deadline) throws IOException;
}
