package dev.mailbell.event;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.client.ClientStore;
import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.event.FeedNotifier.Listener;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FeedNotifierTest {
    private static final Database DATABASE = TestDatabase.create();
    private static final UUID CLIENT = ClientStore.DEFAULT;
    private static final Duration LONG = Duration.ofMinutes(1);

    private final FeedNotifier notifier = new FeedNotifier(DATABASE.jdbi());

    @AfterEach
    void close() {
        notifier.close();
    }

    @AfterAll
    static void drop() {
        DATABASE.close();
    }

    /** A listener that has taken the notification of its first poll. */
    private Listener listener() throws InterruptedException {
        Listener listener = notifier.listen(CLIENT);
        assertThat(listener.await(LONG)).isTrue();
        return listener;
    }

    @Test
    void a_commit_of_this_node_notifies_all_listeners_of_the_client() throws Exception {
        try (Listener first = listener();
                Listener second = notifier.listen(CLIENT)) {
            notifier.committed(CLIENT);
            assertThat(first.await(LONG)).isTrue();
            assertThat(second.await(LONG)).isTrue();
        }
    }

    @Test
    void a_notification_between_two_waits_is_not_lost() throws Exception {
        try (Listener listener = listener()) {
            notifier.committed(CLIENT);
            notifier.committed(CLIENT);
            assertThat(listener.await(Duration.ZERO)).isTrue();
            assertThat(listener.await(Duration.ZERO)).isFalse();
        }
    }

    @Test
    void a_commit_for_another_client_does_not_notify() throws Exception {
        try (Listener listener = listener()) {
            notifier.committed(Ids.next());
            assertThat(listener.await(Duration.ZERO)).isFalse();
        }
    }

    @Test
    void an_event_that_another_node_committed_notifies() throws Exception {
        try (Listener listener = listener()) {
            Event event =
                    new Event(
                            Ids.next(), CLIENT, null, EventType.WEBHOOK_TEST, Instant.now(), "{}");
            DATABASE.jdbi()
                    .useHandle(handle -> EventStore.insert(event).update(handle.getConnection()));
            assertThat(listener.await(LONG)).isTrue();
        }
    }

    @Test
    void a_closed_listener_is_not_notified() throws Exception {
        Listener listener = listener();
        listener.close();
        notifier.committed(CLIENT);
        assertThat(listener.await(Duration.ZERO)).isFalse();
    }

    @Test
    void closing_wakes_every_listener() throws Exception {
        try (Listener listener = listener()) {
            notifier.close();
            assertThat(listener.await(LONG)).isTrue();
        }
    }
}
