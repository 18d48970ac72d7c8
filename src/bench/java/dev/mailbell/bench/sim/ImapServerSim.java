package dev.mailbell.bench.sim;

import dev.mailbell.bench.net.Listener;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * An IMAP server for tens of thousands of sessions, which sends EXISTS at once. Each user has an
 * INBOX of a thousand messages.
 */
public final class ImapServerSim extends CountingMailSim {
    private static final int MESSAGES = 1_000;

    private final ImapMailbox[] mailboxes;
    private final Listener listener;
    private final AtomicInteger idling = new AtomicInteger();
    private volatile SessionListener sessions = SessionListener.NONE;

    /**
     * @param users how many mailboxes
     * @param addresses loopback addresses to listen on, 1 to 250
     * @param tls null for plain
     */
    public ImapServerSim(int users, int addresses, @Nullable SSLContext tls) {
        mailboxes = new ImapMailbox[users];
        for (int i = 0; i < users; i++) {
            mailboxes[i] = new ImapMailbox(MESSAGES);
        }
        listener = Listener.open(addresses, tls, () -> new ImapHandler(this));
    }

    @Nullable ImapMailbox mailbox(int user) {
        return user < mailboxes.length ? mailboxes[user] : null;
    }

    SessionListener sessions() {
        return sessions;
    }

    /** Sets the listener for sessions, which is called from the server's threads. */
    public void onSession(SessionListener heard) {
        sessions = heard;
    }

    void idling(int change) {
        idling.addAndGet(change);
    }

    @Override
    public String host(int user) {
        return listener.host(user);
    }

    @Override
    public int port() {
        return listener.port();
    }

    @Override
    public void deliver(int user) {
        mailboxes[user].add();
    }

    @Override
    public void drop(int user) {
        mailboxes[user].sessions().forEach(ImapHandler::drop);
    }

    @Override
    public void stall(int user) {
        mailboxes[user].sessions().forEach(ImapHandler::stall);
    }

    @Override
    public int idling() {
        return idling.get();
    }

    @Override
    public void close() {
        listener.close();
    }
}
