package dev.mailbell.mail;

import dev.mailbell.network.Deadline;

/** Opens sessions. */
public interface MailServers {

    /**
     * Connects, secures and logs in.
     *
     * @param deadline ends the session as a whole: connecting, every command and the goodbye
     * @throws MailFailure when any of it failed
     */
    MailSession open(Login login, Deadline deadline);
}
