package dev.mailbell.bench.sim;

/** Called as the sessions of users begin, wait and end. */
public interface SessionListener {
    /**
     * @param client the address from which the session comes
     */
    void loggedIn(int user, String client, long nanoTime);

    /** A session begins to wait in IDLE. */
    void idles(int user, long nanoTime);

    void ended(int user, long nanoTime);

    /** Ignores all sessions. */
    SessionListener NONE =
            new SessionListener() {
                @Override
                public void loggedIn(int user, String client, long nanoTime) {}

                @Override
                public void idles(int user, long nanoTime) {}

                @Override
                public void ended(int user, long nanoTime) {}
            };
}
