package api

func regionRoutes() []Route { return nil }
