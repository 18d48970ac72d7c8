package dev.mailbell.mail;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.detection.Change;
import dev.mailbell.detection.ImapState;
import dev.mailbell.detection.MailboxState;
import dev.mailbell.detection.Pop3State;
import dev.mailbell.detection.messages.KnownMessages;
import dev.mailbell.mail.dovecot.Dovecot;
import dev.mailbell.mail.dovecot.Maildir;
import dev.mailbell.mail.imap.ImapSessions;
import dev.mailbell.mail.pop3.Pop3Sessions;
import dev.mailbell.mail.scripted.Loopback;
import dev.mailbell.network.Deadline;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/**
 * Compares counts with the true content of the mail store after random changes between two checks
 * at a real Dovecot.
 */
class DetectionTest {
    /** {@code -Dmailbell.steps=20000} is the long run. */
    private static final int STEPS = Integer.getInteger("mailbell.steps", 150);

    /** Only a failing test reaches it. */
    private static final Duration LONG = Duration.ofMinutes(3);

    private static final int FEWEST = 10;
    private static final int MAX_MESSAGES = 80;
    private static final Dovecot DOVECOT = Dovecot.shared();
    private static final Loopback LOOPBACK = new Loopback();

    @AfterAll
    static void close() {
        LOOPBACK.close();
    }

    @Test
    void pop3_pipelined() throws Exception {
        follow(
                new Pop3Sessions(LOOPBACK.connector()),
                Protocol.POP3,
                DOVECOT.pop3Port(),
                Pop3State.UNSEEN);
    }

    @Test
    void pop3_one_command_at_a_time() throws Exception {
        try (WithoutPipelining proxy = new WithoutPipelining(DOVECOT.pop3Port())) {
            follow(
                    new Pop3Sessions(LOOPBACK.connector()),
                    Protocol.POP3,
                    proxy.port(),
                    Pop3State.UNSEEN);
        }
    }

    @Test
    void imap() throws Exception {
        follow(
                new ImapSessions(LOOPBACK.connector()),
                Protocol.IMAP,
                DOVECOT.imapPort(),
                ImapState.UNSEEN);
    }

    private static void follow(MailServers servers, Protocol protocol, int port, MailboxState state)
            throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Maildir maildir = DOVECOT.freshUser();
        Login login =
                new Login(
                        protocol,
                        Dovecot.HOST,
                        port,
                        Security.NONE,
                        maildir.user(),
                        new Credential.Password(Dovecot.PASSWORD),
                        true,
                        null);
        KnownMessages known = KnownMessages.none();
        Set<String> seen = new HashSet<>();
        for (int step = 0; step < STEPS; step++) {
            List<String> files = new ArrayList<>(maildir.files());
            for (int deletes = random.nextInt(4); deletes > 0 && files.size() > FEWEST; deletes--) {
                maildir.remove(files.remove(random.nextInt(files.size())));
            }
            if (files.size() < MAX_MESSAGES) {
                maildir.deliver(random.nextInt(4));
            }
            int truth = 0;
            for (String file : maildir.files()) {
                truth += seen.add(Maildir.uniqueName(file)) ? 1 : 0;
            }
            KnownMessages before = known;
            try (MailSession session = servers.open(login, Deadline.after(LONG))) {
                CheckRequest request =
                        new CheckRequest(
                                "INBOX", state.mark(), state.searchFrom(null), false, null);
                Change change = state.after(session.observe(request), null, () -> before);
                assertThat(change.newCount())
                        .describedAs("seed %d, step %d", seed, step)
                        .isEqualTo(state.mark() == null ? 0 : truth);
                assertThat(change.next().mark()).isNotNull();
                known = change.known().orElse(known);
                state = change.next();
            }
        }
        assertThat(maildir.flags("INBOX"))
                .allMatch(flags -> !flags.contains("\\Seen") && !flags.contains("\\Deleted"));
    }
}
