package dev.mailbell.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import java.time.Instant;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class KeyUsesTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");

    private final Database database = TestDatabase.create();
    private final ApiKeyStore store = new ApiKeyStore(database.jdbi());

    @AfterEach
    void close() {
        database.close();
    }

    private UUID key() {
        UUID id = UUID.randomUUID();
        KeyText text = KeyText.random();
        ApiKey key =
                new ApiKey(
                        id,
                        ClientStore.DEFAULT,
                        "k",
                        Set.of(Scope.EVENTS_READ),
                        text.shown(),
                        NOON,
                        null,
                        null,
                        null);
        assertThat(store.insert(key, text)).isTrue();
        return id;
    }

    private @Nullable Instant lastUse(UUID key) {
        return store.find(ClientStore.DEFAULT, key).orElseThrow().lastUsedAt();
    }

    @Test
    void the_latest_use_is_written_and_never_an_earlier_one() {
        UUID used = key();
        UUID unused = key();
        try (KeyUses uses = new KeyUses(store)) {
            uses.used(used, NOON);
            uses.used(used, NOON.plusSeconds(2));
            uses.used(used, NOON.plusSeconds(1));
            uses.used(UUID.randomUUID(), NOON);
            assertThat(lastUse(used)).isNull();
            uses.write();
            assertThat(lastUse(used)).isEqualTo(NOON.plusSeconds(2));
            uses.used(used, NOON);
            uses.write();
            assertThat(lastUse(used)).isEqualTo(NOON.plusSeconds(2));
            assertThat(lastUse(unused)).isNull();
        }
    }

    @Test
    void a_stop_writes_the_last_uses() {
        UUID used = key();
        try (KeyUses uses = new KeyUses(store)) {
            uses.used(used, NOON);
        }
        assertThat(lastUse(used)).isEqualTo(NOON);
    }
}
