"""The Grafana dashboards, made from a few lines each (`make dashboards`) and checked in."""
