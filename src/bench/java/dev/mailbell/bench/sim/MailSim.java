package dev.mailbell.bench.sim;

/** A scripted mail server: users {@code user0@bench.local} and up, any password. */
public interface MailSim extends AutoCloseable {
    /** An address of the server for the user of this number. */
    String host(int user);

    int port();

    /** Puts a message into a user's mailbox, and tells whoever waits for it. */
    void deliver(int user);

    /** Drops all connections of a user, without a word. */
    void drop(int user);

    /** All connections of a user stay open and say nothing more, whatever they hear. */
    void stall(int user);

    /**
     * Looks so far: logins and, on connections that are kept, everything that asks for the state.
     */
    long looks();

    long logins();

    /** Connections now. */
    int connections();

    /** Sessions that IDLE now. */
    int idling();

    /** Who is told of each look; called from the server's threads. */
    void onLook(LookListener listener);

    /** Hears of looks. */
    @FunctionalInterface
    interface LookListener {
        void looked(int user, long nanoTime);

        /** Hears nothing. */
        LookListener NONE = (user, nanoTime) -> {};
    }

    @Override
    void close();
}
