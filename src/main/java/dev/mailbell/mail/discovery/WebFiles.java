package dev.mailbell.mail.discovery;

import dev.mailbell.network.Deadline;
import java.io.IOException;
import java.net.URI;
import java.util.Optional;

/** Fetches small files from the web. */
@FunctionalInterface
interface WebFiles {
    /**
     * The file; empty if the server says that there is none.
     *
     * @throws IOException when there is no usable answer in time
     */
    Optional<byte[]> get(URI uri, Deadline deadline) throws IOException;
}
