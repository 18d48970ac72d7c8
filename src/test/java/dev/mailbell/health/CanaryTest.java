package dev.mailbell.health;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.AccountStore;
import dev.mailbell.client.ClientStore;
import dev.mailbell.cluster.TestOwnership;
import dev.mailbell.config.CanaryConfig;
import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.delivery.SteppedClock;
import dev.mailbell.event.CanaryStatus;
import dev.mailbell.event.Event;
import dev.mailbell.event.EventStore;
import dev.mailbell.event.EventType;
import dev.mailbell.event.Ids;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.secret.Secret;
import dev.mailbell.watch.TestAccount;
import dev.mailbell.watch.TestOutbox;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CanaryTest {
    private static final Duration INTERVAL = Duration.ofMinutes(5);

    private final Database database = TestDatabase.create();
    private final SteppedClock clock = new SteppedClock();
    private final EventStore events = new EventStore(database.jdbi());
    private final TestOwnership ownership = new TestOwnership();
    private final List<String> subjects = new ArrayList<>();
    private final List<Duration> measured = new ArrayList<>();
    private final Account account =
            TestAccount.of(
                    AccountState.WATCHING, Map.of(), Instant.now().truncatedTo(ChronoUnit.MICROS));
    private @Nullable MailFailure refusal;
    private @Nullable UUID configured = account.id();
    private final Canary canary = canary(ownership);

    private Canary canary(TestOwnership owned) {
        return new Canary(
                () ->
                        new CanaryConfig(
                                configured,
                                "canary@example.org",
                                INTERVAL,
                                false,
                                new CanaryConfig.Smtp(
                                        "localhost",
                                        0,
                                        CanaryConfig.Security.TLS,
                                        "",
                                        Secret.of(""))),
                database.jdbi(),
                owned,
                TestOutbox.of(database),
                (config, to, subject, text) -> {
                    assertThat(to).isEqualTo("ann@example.org");
                    if (refusal != null) {
                        throw refusal;
                    }
                    subjects.add(subject);
                    clock.step(Duration.ofMillis(200));
                },
                clock,
                measured::add);
    }

    @BeforeEach
    void register() {
        new AccountStore(database.jdbi()).insert(account);
        setEnvelopes(true);
    }

    private void setEnvelopes(boolean envelopes) {
        database.jdbi()
                .useHandle(handle -> handle.execute("update account set envelopes = ?", envelopes));
    }

    @AfterEach
    void close() {
        database.close();
    }

    /** The watch announces mail of the account. */
    private void announced(String data) {
        Event event =
                new Event(
                        Ids.next(),
                        account.clientId(),
                        account.id(),
                        EventType.MAIL_NEW,
                        clock.instant(),
                        "{\"type\":\"mail.new\",\"data\":{\"newCount\":1" + data + "}}");
        database.jdbi()
                .useHandle(handle -> EventStore.insert(event).update(handle.getConnection()));
    }

    private void announcedWithSubject(String subject) {
        announced(",\"envelopes\":[{\"subject\":\"" + subject + "\"}]");
    }

    private List<Event> late() {
        return events.after(ClientStore.OPERATOR, null, EventType.CANARY_LATE, null, 100);
    }

    private int misses() {
        return canary.status().orElseThrow().misses();
    }

    private CanaryState.Miss miss() {
        return Objects.requireNonNull(canary.status().orElseThrow().miss());
    }

    /** The next mail is due. */
    private void next() {
        Instant at = canary.status().orElseThrow().nextAt();
        clock.step(Duration.between(clock.instant(), at));
        canary.tick();
    }

    private void setState(String state) {
        database.jdbi().useHandle(handle -> handle.execute("update account set state = ?", state));
    }

    @Test
    void the_time_from_the_acceptance_of_its_mail_to_the_announcement_is_measured() {
        canary.tick();
        canary.tick();
        assertThat(subjects).hasSize(1);
        assertThat(subjects.getFirst()).startsWith("Mailbell canary ");
        clock.step(Duration.ofMillis(1500));
        announcedWithSubject("another mail");
        canary.tick();
        assertThat(measured).isEmpty();
        announcedWithSubject(subjects.getFirst());
        canary.tick();
        canary.tick();
        assertThat(measured).containsExactly(Duration.ofMillis(1500));
        next();
        assertThat(subjects).hasSize(2);
        announced("");
        canary.tick();
        assertThat(measured).as("it may be any mail").hasSize(1);
        clock.step(Duration.ofMillis(300));
        announcedWithSubject(subjects.getLast());
        canary.tick();
        assertThat(measured).containsExactly(Duration.ofMillis(1500), Duration.ofMillis(300));
        assertThat(misses()).isZero();
    }

    @Test
    void three_mails_that_are_not_announced_are_one_event_and_then_mails_become_rare() {
        canary.tick();
        next();
        next();
        assertThat(late()).isEmpty();
        assertThat(canary.late()).isEmpty();
        next();
        assertThat(misses()).isEqualTo(3);
        assertThat(canary.late()).containsExactly("the canary's mail is late");
        assertThat(late()).hasSize(1);
        assertThat(late().getFirst().payload())
                .contains("\"reason\":\"not_announced\"", "\"misses\":3");
        Instant before = clock.instant();
        for (int i = 0; i < 5; i++) {
            next();
        }
        assertThat(Duration.between(before, clock.instant())).isGreaterThan(Duration.ofHours(2));
        assertThat(late()).hasSize(1);
        announcedWithSubject(subjects.getLast());
        canary.tick();
        assertThat(misses()).isZero();
        assertThat(canary.late()).isEmpty();
        next();
        assertThat(Duration.between(before, clock.instant())).isLessThan(Duration.ofHours(6));
        next();
        next();
        next();
        assertThat(late()).as("the next episode").hasSize(2);
    }

    @Test
    void a_node_that_takes_the_account_goes_on_and_announces_nothing_twice() {
        canary.tick();
        next();
        next();
        next();
        assertThat(late()).hasSize(1);
        int sent = subjects.size();
        int shard = account.shard();
        database.jdbi()
                .useHandle(
                        handle -> handle.execute("update shard set epoch = 1 where id = ?", shard));
        TestOwnership other = new TestOwnership();
        other.acquire(shard, 1);
        Canary moved = canary(other);
        moved.tick();
        assertThat(subjects).as("the mail under way stays the one").hasSize(sent);
        assertThat(moved.status().orElseThrow().misses()).isEqualTo(3);
        // The node that does not know of its loss writes nothing.
        clock.step(Duration.ofHours(2));
        canary.tick();
        assertThat(canary.status()).isEmpty();
        ownership.lose(shard);
        canary.tick();
        assertThat(canary.status()).isEmpty();
        moved.tick();
        assertThat(moved.status().orElseThrow().misses()).isEqualTo(4);
        assertThat(late()).hasSize(1);
    }

    @Test
    void no_mail_is_sent_while_the_account_is_parked_or_gone_and_the_reason_is_said() {
        setState("parked");
        canary.tick();
        next();
        next();
        next();
        assertThat(subjects).isEmpty();
        assertThat(late()).hasSize(1);
        assertThat(late().getFirst().payload())
                .contains("\"reason\":\"account_unavailable\"", "is parked");
        database.jdbi().useHandle(handle -> handle.execute("delete from account"));
        next();
        assertThat(miss().problem()).contains("there is no account");
        assertThat(subjects).isEmpty();
        assertThat(late()).hasSize(1);
    }

    @Test
    void a_mail_server_that_refuses_is_asked_as_rarely_and_is_a_reason() {
        refusal = new MailFailure(FailureCode.AUTH_FAILED, "the server said no");
        canary.tick();
        assertThat(misses()).isOne();
        next();
        next();
        assertThat(misses()).isEqualTo(3);
        assertThat(late().getFirst().payload())
                .contains("\"reason\":\"not_sent\"", "the server said no");
        refusal = null;
        next();
        announcedWithSubject(subjects.getFirst());
        canary.tick();
        assertThat(misses()).isZero();
    }

    @Test
    void a_mail_that_is_missed_before_a_refusal_counts_once() {
        canary.tick();
        refusal = new MailFailure(FailureCode.CONNECT_FAILED, "away");
        next();
        assertThat(misses()).isOne();
        assertThat(miss().reason()).isEqualTo(CanaryState.Reason.NOT_SENT);
    }

    @Test
    void mails_that_are_all_announced_later_than_the_next_one_is_sent_are_misses() {
        canary.tick();
        for (int i = 0; i < 3; i++) {
            String sent = subjects.getLast();
            next();
            clock.step(Duration.ofMinutes(2));
            announcedWithSubject(sent);
            canary.tick();
        }
        assertThat(measured).isEmpty();
        assertThat(misses()).isEqualTo(3);
        assertThat(late()).hasSize(1);
    }

    @Test
    void without_envelopes_no_mail_is_sent_because_none_could_be_told_from_another() {
        setEnvelopes(false);
        canary.tick();
        assertThat(subjects).isEmpty();
        assertThat(miss().problem()).contains("set \"envelopes\": true");
        setEnvelopes(true);
        next();
        announcedWithSubject(subjects.getFirst());
        canary.tick();
        assertThat(misses()).isZero();
    }

    @Test
    void every_node_sees_how_the_canary_is() {
        Canary elsewhere = canary(new TestOwnership());
        assertThat(elsewhere.stored())
                .hasValueSatisfying(before -> {
                    assertThat(before.account()).isEqualTo(account.id());
                    assertThat(before.late()).isFalse();
                    assertThat(before.reason()).isNull();
                });
        canary.tick();
        next();
        next();
        assertThat(elsewhere.stored().orElseThrow().late()).isFalse();
        next();
        CanaryStatus late = elsewhere.stored().orElseThrow();
        assertThat(late.late()).isTrue();
        assertThat(late.misses()).isEqualTo(3);
        assertThat(late.reason()).isEqualTo("not_announced");
        assertThat(late.message()).contains("was not announced");
        configured = Ids.next();
        assertThat(elsewhere.stored().orElseThrow().late())
                .as("the row is of another account")
                .isFalse();
    }

    @Test
    void without_an_account_in_the_configuration_there_is_no_canary() {
        configured = null;
        canary.tick();
        assertThat(canary.status()).isEmpty();
        assertThat(canary.stored()).isEmpty();
        assertThat(subjects).isEmpty();
    }
}
