package dev.mailbell.mail;

import dev.mailbell.network.Deadline;

/** Opens sessions at mail servers. */
public interface MailServers {

    /**
     * Connects, secures and logs in.
     *
     * @param deadline ends the session as a whole: connecting, every command and the goodbye
     * @throws MailFailure when one of these steps failed
     */
    MailSession open(Login login, Deadline deadline);
}
