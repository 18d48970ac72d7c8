package dev.mailbell.status;

import dev.mailbell.watch.account.AccountModes;
import java.util.UUID;

/** What this node knows of itself. Answers from memory. */
public interface LocalStatus {
    NodeStatus now();

    /** How this node watches the accounts of a client. */
    AccountModes modes(UUID client);
}
