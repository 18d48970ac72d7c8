package dev.mailbell.watch.host;

/** An open session that no check uses, so that its connection can be given to another account. */
public interface RestingSession {
    /** Closes the session. May block until its server has answered or its deadline is over. */
    void dismiss();
}
