package dev.mailbell.ui.page;

/**
 * An entry of the navigation.
 *
 * @param current whether the page shown is this one or below it
 */
public record NavItem(String label, String href, boolean current) {}
