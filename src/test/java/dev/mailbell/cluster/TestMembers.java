package dev.mailbell.cluster;

import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/** Live nodes as a test says. */
public final class TestMembers implements Members {
    private final UUID self;
    private final Map<UUID, Member> live = new ConcurrentSkipListMap<>();
    private final Map<Integer, UUID> owners = new ConcurrentHashMap<>();

    /** A cluster of one, which owns all shards. */
    public TestMembers() {
        this(UUID.randomUUID());
        put(self, "a", null);
    }

    public TestMembers(UUID self) {
        this.self = self;
    }

    /** A node is live, perhaps with another address than before. */
    public void put(UUID id, String name, @Nullable URI address) {
        put(id, name, address, "0123456789ab");
    }

    public void put(UUID id, String name, @Nullable URI address, String configuration) {
        live.put(
                id,
                new Member(
                        id,
                        name,
                        1,
                        address,
                        "1.2.3",
                        configuration,
                        Instant.parse("2026-11-20T23:59:07.123Z"),
                        false));
    }

    /** A node is no longer live. */
    public void remove(UUID id) {
        live.remove(id);
    }

    /** A shard has this owner; without a call, the node itself. */
    public void own(int shard, UUID node) {
        owners.put(shard, node);
    }

    @Override
    public UUID self() {
        return self;
    }

    @Override
    public List<Member> live() {
        return List.copyOf(live.values());
    }

    @Override
    public Optional<Member> ownerOf(int shard) {
        return Optional.ofNullable(live.get(owners.getOrDefault(shard, self)));
    }
}
