package dev.mailbell.ui.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.backup.Backup;
import dev.mailbell.backup.Restore;
import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SignedOutTest {
    @TempDir private Path directory;

    private final Database source = TestDatabase.create();
    private final Database target = TestDatabase.create();

    @AfterEach
    void close() {
        source.close();
        target.close();
    }

    private static Session begun(Instant at) {
        return Session.begin(Sessions.KEY, new byte[32], at.plus(Sessions.LIFE));
    }

    @Test
    void a_restore_ends_the_sessions_that_were_begun_before_it_and_no_later_ones() {
        SignedOut before = new SignedOut(source.jdbi(), () -> 0);
        Session old = begun(Instant.now());
        Session ended = begun(Instant.now());
        Path file = directory.resolve("backup");
        new Backup(source, "test", InstantSource.system()).write(file);
        before.add(ended, Instant.now());
        assertThat(before.contains(old, Instant.now())).isFalse();
        assertThat(before.contains(ended, Instant.now())).isTrue();

        try (Restore restore = Restore.open(file)) {
            restore.into(target);
        }
        SignedOut after = new SignedOut(target.jdbi(), () -> 0);
        assertThat(after.contains(old, Instant.now())).isTrue();
        assertThat(after.contains(ended, Instant.now())).isTrue();
        Session later = begun(Instant.now().plusSeconds(1));
        assertThat(after.contains(later, Instant.now())).isFalse();
        // What rests on something else ends with that, and may be short.
        Session portal = Session.begin("portal", new byte[32], Instant.now().plusSeconds(60));
        assertThat(after.contains(portal, Instant.now())).isFalse();
    }
}
