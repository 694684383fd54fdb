package api

func entryRoutes() []Route { return nil }
