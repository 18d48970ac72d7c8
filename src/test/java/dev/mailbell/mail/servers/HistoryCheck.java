package dev.mailbell.mail.servers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.detection.Change;
import dev.mailbell.detection.MailboxState;
import dev.mailbell.mail.Credential;
import dev.mailbell.mail.Login;
import dev.mailbell.mail.MailServers;
import dev.mailbell.mail.MailSession;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.Security;
import dev.mailbell.network.Deadline;
import java.time.Duration;
import java.util.List;
import java.util.Random;

/** Checks mailboxes over a random history, with one session for each check. */
final class HistoryCheck {
    /** {@code -Dmailbell.steps=20000} is the long run. */
    static final int STEPS = Integer.getInteger("mailbell.steps", 200);

    static final Duration PATIENCE = Duration.ofSeconds(180);

    private HistoryCheck() {}

    static Login login(RealMailServer server, Protocol protocol, String user) {
        return new Login(
                protocol,
                RealMailServer.HOST,
                server.port(protocol),
                Security.NONE,
                user,
                new Credential.Password(server.password()),
                true,
                null);
    }

    /** The result of another check after a wrong one, and the stored messages. */
    private static String evidence(
            MailServers sessions, Login login, TrackedMailbox tracked, RealMailbox mail) {
        try (MailSession session = sessions.open(login, Deadline.after(PATIENCE))) {
            Change next = tracked.check(session);
            return "; the next check counts "
                    + next.newCount()
                    + " and has "
                    + next.next().mark()
                    + "; stored are "
                    + mail.messages(tracked.name());
        }
    }

    static void steps(
            RealMailServer server,
            RealMailbox mail,
            Protocol protocol,
            MailServers sessions,
            List<String> names,
            MailboxState unseen) {
        steps(STEPS, server, mail, protocol, sessions, names, unseen);
    }

    static void steps(
            int steps,
            RealMailServer server,
            RealMailbox mail,
            Protocol protocol,
            MailServers sessions,
            List<String> names,
            MailboxState unseen) {
        long seed = System.nanoTime();
        History history = new History(mail, mail.steps(protocol), new Random(seed), names);
        List<TrackedMailbox> mailboxes =
                names.stream().map(name -> new TrackedMailbox(name, unseen)).toList();
        Login login = login(server, protocol, mail.user());
        for (int step = 0; step < steps; step++) {
            String what = step == 0 ? "nothing yet" : history.step();
            try (MailSession session = sessions.open(login, Deadline.after(PATIENCE))) {
                for (TrackedMailbox tracked : mailboxes) {
                    String name = tracked.name();
                    int truth = history.unseen(name);
                    Change change = tracked.check(session);
                    int expected = step == 0 ? 0 : truth;
                    assertThat(change.newCount())
                            .describedAs(
                                    "%s, seed %d, step %d, %s%s",
                                    name,
                                    seed,
                                    step,
                                    what,
                                    change.newCount() == expected
                                            ? ""
                                            : evidence(sessions, login, tracked, mail))
                            .isEqualTo(expected);
                }
            }
        }
    }
}
