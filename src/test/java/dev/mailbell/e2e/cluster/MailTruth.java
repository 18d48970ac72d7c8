package dev.mailbell.e2e.cluster;

import dev.mailbell.mail.scripted.FakeImap;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The mail servers, which know how many messages arrived in each mailbox and which node had a
 * session when. A node connects from 127.0.1.n, n being its number.
 */
final class MailTruth implements AutoCloseable {
    private static final Duration LONGEST_HOLD = Duration.ofMinutes(1);

    private final FakeImap imap = new FakeImap();
    private final Maildrops maildrops;
    private final SessionLog sessions = new SessionLog();
    private final Map<String, AtomicInteger> arrivals = new ConcurrentHashMap<>();
    private final Map<Socket, SessionLog.Session> ofImap = new ConcurrentHashMap<>();
    private final Map<String, Hold> holds = new ConcurrentHashMap<>();

    private record Hold(CountDownLatch begun, CountDownLatch over) {}

    MailTruth() {
        imap.behave(new Imap());
        maildrops =
                new Maildrops((user, connection) -> {
                    SessionLog.Session session = sessions.begin(user, node(connection));
                    return () -> sessions.end(session);
                });
    }

    /** The number of the node at the other end. */
    private static int node(Socket connection) {
        InetAddress address = connection.getInetAddress();
        return address.getAddress()[3] & 0xff;
    }

    private final class Imap implements FakeImap.Behavior {
        @Override
        public boolean goesOn(String user, String moment) {
            Hold hold = moment.startsWith("command ") ? holds.get(user) : null;
            if (hold == null) {
                return true;
            }
            hold.begun.countDown();
            try {
                return hold.over.await(LONGEST_HOLD.toSeconds(), TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        }

        @Override
        public void loggedIn(String user, Socket connection) {
            ofImap.put(connection, sessions.begin(user, node(connection)));
        }

        @Override
        public void ended(String user, Socket connection) {
            SessionLog.Session session = ofImap.remove(connection);
            if (session != null) {
                sessions.end(session);
            }
        }
    }

    int imapPort() {
        return imap.port();
    }

    int pop3Port() {
        return maildrops.port();
    }

    /** A message arrives; it counts before the server shows it. */
    void deliver(Mailbox mailbox) {
        count(mailbox.user()).incrementAndGet();
        if (mailbox.pop3()) {
            maildrops.deliver(mailbox.user());
        } else {
            imap.deliver(mailbox.user());
        }
    }

    int arrivals(Mailbox mailbox) {
        return count(mailbox.user()).get();
    }

    private AtomicInteger count(String user) {
        return arrivals.computeIfAbsent(user, name -> new AtomicInteger());
    }

    SessionLog sessions() {
        return sessions;
    }

    /** How many logins of the POP3 accounts found the maildrop locked by an earlier session. */
    int lockedOut(Collection<Mailbox> mailboxes) {
        return mailboxes.stream().mapToInt(mailbox -> maildrops.lockedOut(mailbox.user())).sum();
    }

    /** From now on the IMAP server does not answer the commands of a user. */
    void hold(Mailbox mailbox) {
        holds.put(mailbox.user(), new Hold(new CountDownLatch(1), new CountDownLatch(1)));
    }

    /** Whether a command of the user waits for its answer. */
    boolean holds(Mailbox mailbox) {
        Hold hold = holds.get(mailbox.user());
        return hold != null && hold.begun.getCount() == 0;
    }

    void letGo(Mailbox mailbox) {
        Hold hold = holds.remove(mailbox.user());
        if (hold != null) {
            hold.over.countDown();
        }
    }

    @Override
    public void close() throws IOException {
        imap.close();
        maildrops.close();
    }
}
