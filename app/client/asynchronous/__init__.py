"""The client that waits in an event loop; its methods are those of the blocking one."""
