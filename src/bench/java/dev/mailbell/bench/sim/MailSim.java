package dev.mailbell.bench.sim;

/** A scripted mail server: users {@code user0@bench.local} and up, any password. */
public interface MailSim extends AutoCloseable {
    /** An address of the server for the user of this number. */
    String host(int user);

    int port();

    /** Puts a message into a user's mailbox and announces it to sessions in IDLE. */
    void deliver(int user);

    /** Drops all connections of a user without a BYE. */
    void drop(int user);

    /** All connections of a user stay open and answer nothing any more. */
    void stall(int user);

    /** Checks so far: logins and, on kept connections, commands that ask for the state. */
    long checks();

    long logins();

    /** Connections now. */
    int connections();

    /** Sessions that IDLE now. */
    int idling();

    /** Sets the listener for checks, which is called from the server's threads. */
    void onCheck(CheckListener listener);

    /** Called for each check. */
    @FunctionalInterface
    interface CheckListener {
        void checked(int user, long nanoTime);

        /** Ignores all checks. */
        CheckListener NONE = (user, nanoTime) -> {};
    }

    @Override
    void close();
}
