package dev.mailbell.api.account;

import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.discovery.Discovered;

/** Finds the mail server of an address whose owner named none. */
@FunctionalInterface
public interface ServerSearch {

    /** Searches for some seconds at most. */
    Discovered find(String address, Protocol protocol);
}
