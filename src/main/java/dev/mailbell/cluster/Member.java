package dev.mailbell.cluster;

import java.net.URI;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A node, as the other nodes see it.
 *
 * @param id new at every start
 * @param name as configured, or the name of its host
 * @param address where it takes requests of other nodes; null: nowhere
 * @param version of the program
 * @param configuration a fingerprint of the configuration that is in effect there
 * @param leaving whether it is stopping and releases its shards
 */
public record Member(
        UUID id,
        String name,
        long pid,
        @Nullable URI address,
        String version,
        String configuration,
        Instant startedAt,
        boolean leaving) {}
