package dev.mailbell.mail.pop3;

import static dev.mailbell.mail.pop3.Pop3Kit.LONG;
import static dev.mailbell.mail.pop3.Pop3Kit.check;
import static dev.mailbell.mail.pop3.Pop3Kit.login;
import static dev.mailbell.mail.pop3.Pop3Kit.sessions;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.mailbell.detection.Change;
import dev.mailbell.detection.Pop3Mark;
import dev.mailbell.detection.Pop3Observation;
import dev.mailbell.detection.Pop3Observation.Full;
import dev.mailbell.detection.Pop3Observation.Tail;
import dev.mailbell.detection.Pop3Observation.Unchanged;
import dev.mailbell.detection.Pop3State;
import dev.mailbell.detection.messages.KnownMessages;
import dev.mailbell.detection.messages.MessageListing;
import dev.mailbell.mail.CheckRequest;
import dev.mailbell.mail.Credential.Password;
import dev.mailbell.mail.Envelope;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.MailSession;
import dev.mailbell.mail.Security;
import dev.mailbell.mail.dovecot.Dovecot;
import dev.mailbell.mail.dovecot.Maildir;
import dev.mailbell.mail.scripted.CountingProxy;
import dev.mailbell.network.Deadline;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class Pop3DovecotTest {
    private static final Dovecot DOVECOT = Dovecot.shared();

    private static MailSession open(int port, Security security, Maildir maildir, String password) {
        return sessions()
                .open(
                        login(port, security, maildir.user(), new Password(password)),
                        Deadline.after(LONG));
    }

    private static Pop3Observation checked(int port, Maildir maildir, @Nullable Pop3Mark mark) {
        try (MailSession session = open(port, Security.NONE, maildir, Dovecot.PASSWORD)) {
            return sized(check(session, mark));
        }
    }

    /** The same with all sizes, which are asked for only where they are needed. */
    private static Pop3Observation sized(Pop3Observation seen) {
        if (!(seen instanceof Full(Pop3Mark mark, MessageListing messages, var queries))) {
            return seen;
        }
        int[] all = queries.sizes(IntStream.range(0, messages.size()).toArray());
        return new Full(mark, new MessageListing(messages.numbers(), messages.keys(), all));
    }

    private static Pop3Observation checked(Maildir maildir, @Nullable Pop3Mark mark) {
        return checked(DOVECOT.pop3Port(), maildir, mark);
    }

    private static MessageListing oracle(Maildir maildir) {
        return AngusOracle.listing(DOVECOT.pop3Port(), maildir.user(), Dovecot.PASSWORD);
    }

    private static void assertSame(MessageListing actual, MessageListing expected, int from) {
        assertThat(actual.numbers()).containsExactly(tail(expected.numbers(), from));
        assertThat(actual.keys())
                .containsExactly(Arrays.copyOfRange(expected.keys(), from, expected.keys().length));
        assertThat(actual.sizes()).containsExactly(tail(expected.sizes(), from));
    }

    private static int[] tail(int[] values, int from) {
        return Arrays.copyOfRange(values, from, values.length);
    }

    @Test
    void clear_text_stls_and_tls_see_what_angus_sees() {
        Maildir maildir = DOVECOT.freshUser();
        maildir.deliver(12);
        MessageListing expected = oracle(maildir);
        for (Security security : Security.values()) {
            int port = security == Security.TLS ? DOVECOT.pop3sPort() : DOVECOT.pop3Port();
            try (MailSession session = open(port, security, maildir, Dovecot.PASSWORD)) {
                assertThat(session.capabilities()).contains("PIPELINING", "UIDL");
                Full seen = (Full) check(session, null);
                assertSame(seen.messages(), expected, 0);
            }
        }
    }

    @Test
    void a_wrong_password_is_one() {
        Maildir maildir = DOVECOT.freshUser();
        MailFailure failure =
                catchThrowableOfType(
                        MailFailure.class,
                        () -> open(DOVECOT.pop3Port(), Security.NONE, maildir, "wrong-word"));
        assertThat(failure.code()).isEqualTo(FailureCode.AUTH_FAILED);
        assertThat(failure.getMessage()).doesNotContain("wrong-word");
    }

    @Test
    void a_plain_port_that_is_asked_for_tls_says_so() {
        Maildir maildir = DOVECOT.freshUser();
        MailFailure failure =
                catchThrowableOfType(
                        MailFailure.class,
                        () -> open(DOVECOT.pop3Port(), Security.TLS, maildir, Dovecot.PASSWORD));
        assertThat(failure.code()).isEqualTo(FailureCode.TLS_FAILED);
    }

    @Test
    void a_check_at_thousands_of_messages_takes_few_octets_and_round_trips() throws IOException {
        Maildir maildir = DOVECOT.freshUser();
        maildir.deliver(3_000);
        Full first = (Full) checked(maildir, null);
        assertThat(first.messages().size()).isEqualTo(3_000);
        try (CountingProxy proxy = new CountingProxy(DOVECOT.pop3Port())) {
            assertThat(checked(proxy.port(), maildir, first.mark())).isEqualTo(new Unchanged());
            assertThat(proxy.fromServer() + proxy.fromClient()).isLessThan(2_048);
            assertThat(proxy.flights()).isLessThanOrEqualTo(6);

            maildir.deliver(1);
            proxy.reset();
            assertThat(checked(proxy.port(), maildir, first.mark())).isInstanceOf(Tail.class);
            assertThat(proxy.fromServer() + proxy.fromClient()).isLessThan(4_096);
        }
    }

    @Test
    void envelopes_come_with_the_uids_of_the_listing_and_nothing_is_changed() {
        Maildir maildir = DOVECOT.freshUser();
        maildir.deliver(Maildir.message("=?utf-8?q?Gr=C3=BC=C3=9Fe?="));
        maildir.deliver(1);
        checked(maildir, null);
        List<String> files = maildir.files();
        try (MailSession session =
                open(DOVECOT.pop3Port(), Security.NONE, maildir, Dovecot.PASSWORD)) {
            Full seen = (Full) check(session, null);
            Envelope envelope = session.envelopes(List.of(1L, 2L)).getFirst();
            assertThat(envelope.uid()).isEqualTo(seen.mark().firstUid());
            assertThat(envelope.subject()).isEqualTo("Grüße");
            assertThat(envelope.from()).isEqualTo("Ann <ann@example.org>");
            assertThat(envelope.date()).isEqualTo(Instant.parse("2026-11-20T10:00:00Z"));
        }
        assertThat(maildir.files()).isEqualTo(files);
        assertThat(maildir.uids("INBOX")).containsExactly(1, 2);
        assertThat(maildir.flags("INBOX")).allMatch(flags -> !flags.contains("\\Seen"));
    }

    @Test
    void few_messages_whose_uids_dovecot_makes_anew_are_not_new() throws IOException {
        Maildir maildir = DOVECOT.freshUser();
        Instant now = Instant.now();
        for (int i = 0; i < 7; i++) {
            maildir.deliver(received(now.minus(Duration.ofDays(8)), i));
        }
        Change before = checked(maildir, Pop3State.UNSEEN, KnownMessages.none());
        try (Stream<Path> files = Files.list(maildir.root())) {
            for (Path file : files.toList()) {
                String name = file.getFileName().toString();
                if (name.startsWith("dovecot.index") || name.equals("dovecot-uidlist")) {
                    // The process of the session before may remove a temporary one just now.
                    Files.deleteIfExists(file);
                }
            }
        }
        maildir.deliver(received(now, 7));
        KnownMessages known = before.known().orElseThrow();
        Change after = checked(maildir, (Pop3State) before.next(), known);
        assertThat(requireNonNull((Pop3Mark) after.next().mark()).firstUid())
                .isNotEqualTo(requireNonNull((Pop3Mark) before.next().mark()).firstUid());
        assertThat(after.newCount()).isEqualTo(1);
        assertThat(after.kind()).isEqualTo(Change.Kind.NEW);
        assertThat(checked(maildir, (Pop3State) after.next(), after.known().orElseThrow()).kind())
                .isEqualTo(Change.Kind.NOTHING);
    }

    private static Change checked(Maildir maildir, Pop3State state, KnownMessages known) {
        try (MailSession session =
                open(DOVECOT.pop3Port(), Security.NONE, maildir, Dovecot.PASSWORD)) {
            CheckRequest request = new CheckRequest("INBOX", state.mark(), 1, false, Instant.now());
            return state.after(session.observe(request), null, () -> known);
        }
    }

    private static String received(Instant at, int number) {
        String date = DateTimeFormatter.RFC_1123_DATE_TIME.format(at.atOffset(ZoneOffset.UTC));
        return "Received: from a by b; " + date + "\r\n" + Maildir.message("number " + number);
    }

    /** A check counts no more messages than another client can see. */
    @Test
    void random_histories_are_seen_as_angus_sees_them() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Maildir maildir = DOVECOT.freshUser();
        MessageListing before = oracle(maildir);
        Pop3Mark mark = ((Full) checked(maildir, null)).mark();
        Set<Class<?>> kinds = new HashSet<>();
        for (int step = 0; step < Integer.getInteger("mailbell.steps.pop3", 60); step++) {
            maildir.deliver(random.nextInt(4));
            if (random.nextInt(3) == 0) {
                long[] uids = maildir.uids("INBOX");
                maildir.expunge(
                        "INBOX",
                        random.longs(2, 0, 100)
                                .filter(i -> i < uids.length)
                                .map(i -> uids[(int) i])
                                .distinct()
                                .toArray());
            }
            MessageListing now = oracle(maildir);
            Pop3Observation seen = checked(maildir, mark);
            String where = "seed " + seed + ", step " + step;
            switch (seen) {
                case Unchanged() -> {
                    assertThat(now.keys()).as(where).isEqualTo(before.keys());
                    assertThat(now.sizes()).as(where).isEqualTo(before.sizes());
                }
                case Tail(Pop3Mark next, MessageListing messages) -> {
                    int old = before.size();
                    assertThat(Arrays.copyOf(now.keys(), old)).as(where).isEqualTo(before.keys());
                    assertSame(messages, now, old);
                    mark = next;
                }
                case Full(Pop3Mark next, MessageListing messages, var sizes) -> {
                    assertSame(messages, now, 0);
                    mark = next;
                }
            }
            assertThat(mark.total()).as(where).isEqualTo(now.size());
            kinds.add(seen.getClass());
            before = now;
        }
        assertThat(kinds).as("seed " + seed).contains(Tail.class, Full.class);
    }
}
