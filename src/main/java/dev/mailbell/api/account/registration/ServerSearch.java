package dev.mailbell.api.account.registration;

import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.discovery.Candidates;
import dev.mailbell.mail.discovery.Discovered;
import java.util.Set;

/** Searches the mail servers of an address. Each method returns within seconds. */
public interface ServerSearch {

    /** The best server, for accounts without {@code mail.host}. */
    Discovered find(String address, Protocol protocol);

    /** Every server of these protocols that is known or published. */
    Candidates candidates(String address, Set<Protocol> protocols);
}
